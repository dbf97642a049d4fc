import type { Transform } from 'node:stream'

/** Undoes a response's content-encoding, piece by piece. */
export interface Decoder {
  write(chunk: Uint8Array): void
  /** The encoded body is over; the sink hears of the end once everything is decoded. */
  end(): void
  pause(): void
  resume(): void
  /** What it has been given is not decoded yet. */
  busy(): boolean
  destroy(): void
}

/** Where the decoded body goes, and how the source of the encoded one is told to wait. */
export interface DecoderSink {
  onData(chunk: Uint8Array): void
  onEnd(): void
  onError(error: Error): void
  pause(): void
  resume(): void
}

/** More layers than any server has reason for; bombs are built of them. */
const MAX_LAYERS = 4

type Zlib = typeof import('node:zlib')

/** Not zstd: Node 22's ends a body that was cut as if it were whole. */
const OPEN: Readonly<Record<string, (zlib: Zlib, firstByte: number) => Transform>> = {
  gzip: (zlib) => zlib.createGunzip(),
  'x-gzip': (zlib) => zlib.createGunzip(),
  br: (zlib) => zlib.createBrotliDecompress(),
  // Servers send zlib's format, as RFC 9110 has it, or bare deflate, as old ones do; zlib's begins with its method, 8.
  deflate: (zlib, firstByte) => ((firstByte & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw()),
}

/** No encodings, though servers and frameworks write them where one is expected. */
const NONE: ReadonlySet<string> = new Set(['', 'identity', 'none', 'utf-8', 'utf8', 'binary', '8bit', 'text'])

/**
 * A decoder for a content-encoding header, or undefined where there is nothing to undo.
 *
 * No request of ours asks for compression: an answer is a few kilobytes, and compressed events arrive late. Proxies compress all the
 * same, so what they are known to use is understood.
 */
export function openDecoder(contentEncoding: string, sink: DecoderSink): Decoder | undefined {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => !NONE.has(coding))
  if (codings.length === 0) return undefined
  if (codings.length > MAX_LAYERS || codings.some((coding) => !Object.hasOwn(OPEN, coding))) {
    return refusal(contentEncoding, sink)
  }

  // The header names codings in the order in which they were applied: the last layer takes what arrives, the first gives the body.
  const layers: Decoder[] = []
  const last = codings.length - 1
  for (const [index, coding] of codings.entries()) {
    const inner = layers[index - 1]
    layers.push(
      openLayer(coding, {
        onData: inner ? inner.write : sink.onData,
        onEnd: inner ? inner.end : sink.onEnd,
        onError: sink.onError,
        pause: () => (index === last ? sink.pause() : layers[index + 1]?.pause()),
        resume: () => (index === last ? sink.resume() : layers[index + 1]?.resume()),
      }),
    )
  }
  const [innermost] = layers as [Decoder]
  const outermost = layers[last] ?? innermost
  return {
    write: outermost.write,
    end: outermost.end,
    pause: innermost.pause,
    resume: innermost.resume,
    busy: () => layers.some((layer) => layer.busy()),
    destroy: () => layers.forEach((layer) => layer.destroy()),
  }
}

function openLayer(coding: string, sink: DecoderSink): Decoder {
  let stream: Transform | undefined
  let paused = false
  let sourceEnded = false
  let decoded = false
  let dead = false

  function open(firstByte: number): Transform {
    // Looked up when it is needed: few answers are compressed, and every process would pay for loading it.
    const opened = OPEN[coding]?.(process.getBuiltinModule('node:zlib'), firstByte) as Transform
    if (paused) opened.pause()
    else opened.resume()
    opened.on('data', (chunk: Uint8Array) => {
      if (!dead) sink.onData(chunk)
    })
    opened.on('drain', () => {
      if (!dead) sink.resume()
    })
    opened.on('end', () => {
      decoded = true
      // Bytes after the compressed data are padding or rubbish, and gzip(1) ignores them too; the source still has to end.
      if (sourceEnded && !dead) sink.onEnd()
    })
    opened.on('error', (error: NodeJS.ErrnoException) => {
      if (dead) return
      dead = true
      sink.onError(decodingError(coding, error))
    })
    return opened
  }

  return {
    write(chunk) {
      if (dead || decoded || chunk.length === 0) return
      stream ??= open(chunk[0] as number)
      if (!stream.write(chunk)) sink.pause()
    },
    end() {
      if (dead || sourceEnded) return
      sourceEnded = true
      // An empty body has no compressed form that would be cut: servers mark it encoded by their configuration.
      if (stream === undefined || decoded) sink.onEnd()
      else stream.end()
    },
    pause() {
      paused = true
      stream?.pause()
    },
    resume() {
      paused = false
      stream?.resume()
    },
    busy: () => stream !== undefined && !dead && !decoded && (sourceEnded || stream.writableLength > 0),
    destroy() {
      dead = true
      stream?.destroy()
    },
  }
}

/** Fails with the first byte: a body that cannot be read must not look like an empty one, and an empty one needs no decoder. */
function refusal(contentEncoding: string, sink: DecoderSink): Decoder {
  let dead = false
  return {
    write() {
      if (dead) return
      dead = true
      sink.onError(named(new Error(`The response has an unknown content-encoding: ${contentEncoding.slice(0, 100)}`)))
    },
    end() {
      if (!dead) sink.onEnd()
    },
    pause: sink.pause,
    resume: sink.resume,
    busy: () => false,
    destroy() {
      dead = true
    },
  }
}

function decodingError(coding: string, cause: NodeJS.ErrnoException): Error {
  // zlib's code for input that stops before its end, for each of the formats.
  const what = cause.code === 'Z_BUF_ERROR' ? 'ended early' : 'is corrupt'
  return Object.assign(named(new Error(`The compressed response body ${what} (${coding})`, { cause })), {
    code: cause.code,
  })
}

function named(error: Error): Error {
  error.name = 'ContentDecodingError'
  return error
}

import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { buildConnect, type Connect, type Route } from './undici.ts'

/**
 * The way through an HTTP proxy: a CONNECT tunnel for https, the absolute form for http, as RFC 9112 has it and other clients do.
 *
 * Not undici's ProxyAgent: a request that is cancelled while its tunnel is being made leaves the sockets of that one open.
 */
export function proxyRoute(proxy: URL): Route {
  const authorization = credentials(proxy)
  const connectToProxy = buildConnect({ timeout: 0, allowH2: false })
  const secure = buildConnect({ timeout: 0 })
  const address: buildConnector.Options = {
    hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
    host: proxy.host,
    protocol: proxy.protocol,
    port: proxy.port,
  }

  const connect: Connect = (options, callback) => {
    if (options.protocol === 'http:') return connectToProxy(address, callback)

    let current = connectToProxy(address, (error, socket) => {
      if (error) return callback(error, null)
      openTunnel(socket, options, authorization, (failure) => {
        if (failure) return callback(failure, null)
        current = secure({ ...options, httpSocket: socket }, callback)
        // TLS over a socket of ours does not always take it along.
        current.once('close', () => socket.destroy())
      })
    })
    return { destroy: (error) => void current.destroy(error) }
  }

  return {
    connect,
    path: (url) => (url.protocol === 'http:' ? url.origin + url.pathname + url.search : undefined),
    headers: (url) => (url.protocol === 'http:' ? authorization : undefined),
  }
}

/** The longest answer to a CONNECT that is read. */
const MAX_TUNNEL_ANSWER = 16_384

/** Asks the proxy for a connection to the origin; afterwards the socket carries that connection's bytes. */
function openTunnel(
  socket: Socket,
  { hostname, port }: buildConnector.Options,
  authorization: Readonly<Record<string, string>> | undefined,
  callback: (error: Error | undefined) => void,
): void {
  const target = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || 443}`
  let answer = Buffer.alloc(0)

  function settle(error?: Error): void {
    socket.off('data', read).off('end', ended).off('close', ended).off('error', settle)
    if (error) socket.on('error', () => {}).destroy()
    callback(error)
  }

  function ended(): void {
    settle(tunnelError('The proxy closed the connection instead of opening a tunnel'))
  }

  function read(chunk: Buffer): void {
    answer = Buffer.concat([answer, chunk])
    const end = answer.indexOf('\r\n\r\n')
    if (end === -1) {
      if (answer.length > MAX_TUNNEL_ANSWER) settle(tunnelError('The proxy answered with something that is not HTTP'))
      return
    }
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer.toString('latin1', 0, end))?.[1])
    if (status >= 100 && status < 200) {
      answer = answer.subarray(end + 4)
      return read(Buffer.alloc(0))
    }
    if (!(status >= 200 && status < 300)) {
      const reason = status === 407 ? 'its credentials are missing or wrong (407)' : `it answered ${status}`
      return settle(tunnelError(`The proxy opened no tunnel: ${reason}`, status))
    }
    socket.pause()
    if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4))
    settle()
  }

  socket.on('data', read).once('end', ended).once('close', ended).once('error', settle)
  const lines = Object.entries({ host: target, ...authorization }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`CONNECT ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
}

function tunnelError(message: string, statusCode?: number): Error {
  const error = new Error(message)
  error.name = 'ProxyTunnelError'
  // Not UND_ERR_SOCKET, as undici would name it: its client would connect again, and again.
  return Object.assign(error, { code: 'ERR_PROXY_TUNNEL', statusCode })
}

function credentials(proxy: URL): Readonly<Record<string, string>> | undefined {
  if (proxy.username === '') return undefined
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}

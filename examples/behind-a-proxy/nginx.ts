import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian puts it is not always on the path of a user. */
const PROGRAM = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0)

export const nginxInstalled: boolean = PROGRAM !== undefined

export interface Proxy {
  readonly port: number
  stop(): Promise<void>
}

/** A real nginx before a port, as it comes but for the time that it waits for a byte: 60 s would be too long to watch. */
export async function startNginx(upstream: number, limit: number): Promise<Proxy> {
  if (!PROGRAM) throw new Error('nginx is not installed (apt-get install nginx, brew install nginx)')
  const folder = mkdtempSync(join(tmpdir(), 'behind-a-proxy-'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  )
  const configuration = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr crit;
    events { worker_connections 4096; }
    http {
      access_log off;
      ${temporary.join('\n      ')}
      server {
        listen 127.0.0.1:${port} backlog=1024;
        location / {
          proxy_pass http://127.0.0.1:${upstream};
          # The default of nginx before 1.29.7, named so that every version does the same.
          proxy_http_version 1.0;
          proxy_read_timeout ${limit}ms;
        }
      }
    }`
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration)
  const nginx = spawn(PROGRAM, ['-p', folder, '-e', 'stderr', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<void>((resolve) => nginx.once('exit', () => resolve()))
  await Promise.race([listening(port), ended.then(() => Promise.reject(new Error('nginx did not start')))])
  return {
    port,
    async stop() {
      nginx.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

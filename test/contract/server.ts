import { failure } from '../support/chat.ts'
import { type Connection, type FaultExchange, faultServer, refusedPort } from '../support/fault-server.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

/** The server of the contract suite. */
export interface ContractServer {
  readonly origin: string
  /** An address at which nobody listens. */
  readonly refused: string
  close(): Promise<void>
}

/** What has come in for one case. */
interface Case {
  requests: number
  readonly connections: Set<Connection>
}

/** Starts the server that all runtimes are tried against: a loopback server that misbehaves as the request's path says. */
export async function startContractServer(): Promise<ContractServer> {
  const cases = new Map<string, Case>()

  // Connections that are kept alive may be the one that asks now.
  const pending = (id: string, asking: FaultExchange): readonly Connection[] =>
    [...(cases.get(id)?.connections ?? [])].filter((connection) => connection !== asking.connection)

  /** With `gone`, when all its connections have closed, or have had long enough for it. */
  async function tell(exchange: FaultExchange, id: string, gone: boolean): Promise<void> {
    const connections = pending(id, exchange)
    if (gone) {
      const patience = new Promise((resolve) => setTimeout(resolve, 5_000))
      await Promise.race([Promise.all(connections.map(({ closed }) => closed)), patience])
    }
    const open = connections.filter(({ closedAt }) => closedAt === undefined).length
    exchange.json({ requests: cases.get(id)?.requests ?? 0, open })
  }

  function cut(exchange: FaultExchange, id: string): void {
    for (const connection of pending(id, exchange)) connection.end()
    exchange.json({})
  }

  const server = await faultServer((exchange) => {
    const [, name = '', id = ''] = exchange.request.path.split('/').map(decodeURIComponent)
    if (name === 'cut') return cut(exchange, id)
    if (name === 'seen' || name === 'seen-gone') return tell(exchange, id, name === 'seen-gone')
    const scenario = SCENARIOS[name as Scenario]
    if (scenario === undefined) return exchange.json(failure('No such scenario', 'test'), { status: 404 })
    const known = cases.get(id) ?? { requests: 0, connections: new Set() }
    cases.set(id, known)
    known.requests++
    known.connections.add(exchange.connection)
    return scenario(exchange, known.requests)
  })
  return {
    origin: server.origin,
    refused: `http://127.0.0.1:${await refusedPort()}/v1`,
    close: () => server.close(),
  }
}

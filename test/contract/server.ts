import { failure } from '../support/chat.ts'
import { type FaultExchange, faultServer, refusedPort } from '../support/fault-server.ts'
import { type Scenario, SCENARIOS } from './scenarios.ts'

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
  readonly connections: Set<FaultExchange['connection']>
}

/** Starts the server that all runtimes are tried against: a loopback server that misbehaves as the request's path says. */
export async function startContractServer(): Promise<ContractServer> {
  const cases = new Map<string, Case>()

  async function tell(exchange: FaultExchange, id: string, gone: boolean): Promise<void> {
    const { requests, connections } = cases.get(id) ?? { requests: 0, connections: new Set() }
    // Keep-alive connections may be this very one, or wait for their next request: only those without an answer must close.
    const pending = [...connections].filter((connection) => connection !== exchange.connection)
    if (gone) {
      const patience = new Promise((resolve) => setTimeout(resolve, 5_000))
      await Promise.race([Promise.all(pending.map(({ closed }) => closed)), patience])
    }
    exchange.json({ requests, open: pending.filter(({ closedAt }) => closedAt === undefined).length })
  }

  const server = await faultServer((exchange) => {
    const [, name = '', id = ''] = exchange.request.path.split('/').map(decodeURIComponent)
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

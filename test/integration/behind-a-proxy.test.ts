import { beforeAll, describe, expect, it } from 'vitest'
import { nginxInstalled } from '../../examples/behind-a-proxy/nginx.ts'
import { LIMIT, type Report, reproduce } from '../../examples/behind-a-proxy/reproduce.ts'

if (!nginxInstalled) console.log('skipped: nginx is not installed (apt-get install nginx)')

describe.skipIf(!nginxInstalled)('behind a real nginx', () => {
  let report: Report
  beforeAll(async () => {
    report = await reproduce()
  }, 120_000)

  it("gives the user of the naive endpoint nginx's page", () => {
    const { answer } = report.slow.naive
    expect([answer.status, answer.type]).toEqual([504, 'text/html'])
    expect(answer.text).toContain('nginx')
  })

  it('gives the user of the punctual endpoint a problem, in time', () => {
    const { answer } = report.slow.punctual
    expect([answer.status, answer.type]).toEqual([504, 'application/problem+json'])
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'timeout', status: 504 })
    expect(answer.milliseconds).toBeLessThan(LIMIT)
  })

  it('ends the call to the model with its answer', () => {
    const { naive, punctual } = report.slow
    expect([naive.busy, naive.busyLater, naive.requests]).toEqual([1, 1, 3])
    expect([punctual.busy, punctual.busyLater, punctual.requests]).toEqual([0, 0, 1])
  })

  it('ends the call to the model when the user leaves', () => {
    expect([report.left.naive.busy, report.left.punctual.busy]).toEqual([1, 0])
  })

  it('keeps a silent stream alive with heartbeats', () => {
    const { naive, punctual } = report.silent
    expect([naive.answer.status, naive.complete]).toEqual([504, false])
    expect([punctual.answer.status, punctual.complete]).toEqual([200, true])
    expect(punctual.heartbeats).toBeGreaterThan(2)
  })

  it('passes the events of a stream on as they come', () => {
    const { naive, punctual } = report.flowing
    expect([naive.answer.status, punctual.answer.status]).toEqual([200, 200])
    expect(naive.answer.pieces.length).toBeLessThan(punctual.answer.pieces.length)
    expect(punctual.spread).toBeGreaterThan(300)
  })

  it('serves a crowd while its other endpoints stay quick', () => {
    const { calls, inFlight, statuses, healthP99, eventLoopP99 } = report.crowd
    expect(statuses).toEqual({ 200: calls })
    expect(inFlight).toBeGreaterThan(calls * 0.9)
    expect(healthP99).toBeLessThan(1_000)
    expect(eventLoopP99).toBeLessThan(500)
  })
})

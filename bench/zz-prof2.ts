import { Session } from 'node:inspector/promises'
const B = '/work/wt/bench/bench/'
const { startServer } = await import(B + 'program.ts')
const { makeCalls } = await import(B + 'calls.ts')
const { openFloor } = await import(B + 'floor.ts')
const { openPunctual } = await import(B + 'punctual.ts')
const server = await startServer()
const which = process.argv[2]
const floor = openFloor(server.ports[0]), ours = openPunctual(server.ports[1])
for (let i = 0; i < 7; i++) {  await makeCalls(ours, { count: 3000, concurrency: 64 }) }
const c = which === 'floor' ? floor : ours
if (process.argv[3]==="gc") { const p = process.cpuUsage(); console.log("START"); await makeCalls(c, { count: 60000, concurrency: 64 }); const u=process.cpuUsage(p); console.log("cpu", (u.user+u.system)/60000); server.close(); process.exit() }
const s = new Session(); s.connect()
const N = 60000
if (process.argv[3] === 'heap') {
  await s.post('HeapProfiler.enable'); await s.post('HeapProfiler.startSampling', { samplingInterval: 4096, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
  await makeCalls(c, { count: N/3, concurrency: 64 })
  const { profile } = await s.post('HeapProfiler.stopSampling')
  const by = new Map(); let total = 0
  const walk = (n) => { const f = n.callFrame; const k = f.functionName + ' ' + f.url.split('/').slice(-3).join('/') + ':' + f.lineNumber; by.set(k, (by.get(k) ?? 0) + n.selfSize); total += n.selfSize; n.children.forEach(walk) }
  walk(profile.head)
  console.log('total bytes/call', total / (N/3))
  for (const [k, v] of [...by].sort((a, b) => b[1] - a[1]).slice(0, 60)) console.log((v / (N/3)).toFixed(0).padStart(7), k)
} else {
  await s.post('Profiler.enable'); await s.post('Profiler.setSamplingInterval', { interval: 200 }); await s.post('Profiler.start')
  const cpu = process.cpuUsage()
  await makeCalls(c, { count: N, concurrency: 64 })
  const u = process.cpuUsage(cpu)
  const { profile } = await s.post('Profiler.stop')
  const self = new Map(); const nodes = new Map(profile.nodes.map(n => [n.id, n]))
  profile.samples.forEach((id, i) => { const n = nodes.get(id); const f = n.callFrame; const k = f.functionName + ' ' + f.url.split('/').slice(-3).join('/') + ':' + f.lineNumber; self.set(k, (self.get(k) ?? 0) + profile.timeDeltas[i]) })
  console.log('cpu us/call', (u.user + u.system) / N, 'user', u.user / N)
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 60)) console.log((v / N).toFixed(2).padStart(7), k)
}
server.close(); process.exit()

/** Something that stands before a service and gives up on it. */
export interface Platform {
  /** For people. */
  readonly name: string
  /** Milliseconds after which it answers in the service's place, where its setting has not been changed. */
  readonly limit: number
  /**
   * What stops the clock: the whole answer (`response`), or its first byte (`first byte`, `silence`: then it begins anew with each
   * byte). A streamed answer with heartbeats outlives the latter two.
   */
  readonly until: 'response' | 'first byte' | 'silence'
  /** The epoch milliseconds at which it took the request, where the event that it hands over says so. */
  readonly receivedAt?: (event: unknown) => number | undefined
}

/** The keys of {@link platforms}. */
export type PlatformName =
  | 'awsApiGateway'
  | 'awsHttpApi'
  | 'awsAlb'
  | 'awsCloudFront'
  | 'azureAppService'
  | 'cloudflare'
  | 'googleCloudLoadBalancer'
  | 'googleCloudRun'
  | 'heroku'
  | 'netlify'
  | 'nginx'
  | 'vercel'

/** Both forms of API Gateway's event carry the time at which the gateway took the request. */
const gatewayTime = (event: unknown): number | undefined => {
  const { requestTimeEpoch, timeEpoch } =
    (event as { requestContext?: { requestTimeEpoch?: unknown; timeEpoch?: unknown } } | null)?.requestContext ?? {}
  const time = requestTimeEpoch ?? timeEpoch
  return typeof time === 'number' ? time : undefined
}

/** Limits that a service has before it as long as nobody has changed them. Each row names where its figure is from. */
export const platforms: Readonly<Record<PlatformName, Platform>> = {
  /** REST APIs: 29 s; a Regional or private one may have been given more. docs.aws.amazon.com/apigateway (quotas, REST) */
  awsApiGateway: { name: 'API Gateway (REST)', limit: 29_000, until: 'response', receivedAt: gatewayTime },
  /** HTTP APIs: 30 s, for good. docs.aws.amazon.com/apigateway (quotas, HTTP APIs) */
  awsHttpApi: { name: 'API Gateway (HTTP)', limit: 30_000, until: 'response', receivedAt: gatewayTime },
  /** idle_timeout.timeout_seconds, 60 s. docs.aws.amazon.com/elasticloadbalancing (application load balancer attributes) */
  awsAlb: { name: 'Application Load Balancer', limit: 60_000, until: 'silence' },
  /** Origin response timeout, 30 s. repost.aws/knowledge-center/cloudfront-custom-origin-response */
  awsCloudFront: { name: 'CloudFront', limit: 30_000, until: 'silence' },
  /** Load balancer before an app, 230 s without a byte. learn.microsoft.com/troubleshoot/azure/app-service (request times out) */
  azureAppService: { name: 'Azure App Service', limit: 230_000, until: 'silence' },
  /** Proxy read timeout: pages of different ages say 100 s and 120 s; the lower holds for both. developers.cloudflare.com/fundamentals/reference/connection-limits */
  cloudflare: { name: 'Cloudflare', limit: 100_000, until: 'silence' },
  /** Backend service timeout of an external load balancer, 30 s. cloud.google.com/load-balancing/docs/https (timeouts) */
  googleCloudLoadBalancer: { name: 'Google Cloud load balancer', limit: 30_000, until: 'response' },
  /** Request timeout, 300 s. cloud.google.com/run/docs/configuring/request-timeout */
  googleCloudRun: { name: 'Cloud Run', limit: 300_000, until: 'response' },
  /** 30 s to the first byte, then 55 s between bytes; the app is not told. devcenter.heroku.com/articles/request-timeout */
  heroku: { name: 'Heroku', limit: 30_000, until: 'first byte' },
  /** Synchronous functions, 30 s. answers.netlify.com (support guide: why is my function taking long or timing out) */
  netlify: { name: 'Netlify Functions', limit: 30_000, until: 'response' },
  /** proxy_read_timeout, 60 s between two reads. nginx.org/en/docs/http/ngx_http_proxy_module.html */
  nginx: { name: 'nginx', limit: 60_000, until: 'silence' },
  /** maxDuration, 300 s. vercel.com/docs/functions/limitations */
  vercel: { name: 'Vercel Functions', limit: 300_000, until: 'response' },
}

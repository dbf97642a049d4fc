// NestJS 12 on Express: a middleware for every call's deadline and signal, a filter for every error.
import 'reflect-metadata'
import {
  type ArgumentsHost,
  BadRequestException,
  Body,
  Catch,
  Controller,
  type ExceptionFilter,
  HttpCode,
  type INestApplication,
  Module,
  Post,
  Res,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Request, Response } from 'express'
import { complete, openai, stream } from 'punctual'
import { expressMiddleware, relay, toProblem } from 'punctual/server'

interface Question {
  readonly prompt?: unknown
}

const model = openai('gpt-5-mini')
function messagesOf(question: Question | undefined) {
  const prompt = question?.prompt
  if (typeof prompt !== 'string') throw new BadRequestException('The body must be { "prompt": "…" }')
  return [{ role: 'user' as const, content: prompt }]
}

@Controller('chat')
class ChatController {
  @Post()
  @HttpCode(200)
  async answer(@Body() question?: Question): Promise<{ text: string }> {
    const { text } = await complete({ model, messages: messagesOf(question) })
    return { text }
  }

  @Post('stream')
  async stream(@Body() question: Question | undefined, @Res() response: Response): Promise<void> {
    await relay(stream({ model, messages: messagesOf(question) }), response)
  }
}

@Catch()
class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const { status, headers, body } = toProblem(error)
    host.switchToHttp().getResponse<Response>().status(status).set(headers).send(JSON.stringify(body))
  }
}

@Module({ controllers: [ChatController] })
class AppModule {}

export async function createApp(): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule, { logger: false })
  app.use(
    expressMiddleware({ deadline: ({ path }: Request) => (path === '/chat/stream' ? undefined : Date.now() + 25_000) }),
  )
  app.useGlobalFilters(new ProblemFilter())
  return app
}

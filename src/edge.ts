export { CompletionError, isCompletionError } from './errors.ts'

/*
 * The types of Standard Schema 1.1 (standardschema.dev) and of its JSON Schema part, as far as punctual reads them. Types alone:
 * every library whose schemas have this shape is accepted, and none is needed.
 */

/** JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** JSON Schema as it may be given. */
export type JsonSchemaInput = JsonSchema | JsonSchemaObject

/** JSON Schema in the interfaces that libraries have for it (`JSONSchema7`): an interface is no Record to the compiler. */
export interface JsonSchemaObject {
  /** One of JSON's types, or several. */
  readonly type?: string | readonly string[] | undefined
  /** The members of an object. */
  readonly properties?: object | undefined
  /** Another schema in place of this one. */
  readonly $ref?: string | undefined
  /** What a Standard Schema has, and JSON Schema has not. */
  readonly '~standard'?: undefined
}

/** What every Standard Schema says of itself. `types` exists for the compiler only. */
export interface StandardProps<Input = unknown, Output = Input> {
  readonly version: 1
  readonly vendor: string
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
}

/** One reason why a value does not fit, as a library words it. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** A schema that validates: zod, arktype, valibot and others. It may be a function (arktype). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardProps<Input, Output> & {
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  }
}

/** A schema that can say its JSON Schema: zod 4.2 or later, arktype 2.1.28 or later, valibot through `toStandardJsonSchema`. */
export interface StandardJsonSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardProps<Input, Output> & {
    readonly jsonSchema: {
      readonly input: (options: { readonly target: 'draft-2020-12' | 'draft-07' }) => Record<string, unknown>
    }
  }
}

/** A schema that does both, and so can be given as it is. */
export type SchemaWithJson<Input = unknown, Output = Input> = StandardSchema<Input, Output> &
  StandardJsonSchema<Input, Output>

/**
 * What a schema gives out once it has validated; `unknown` for JSON Schema, which says nothing to the compiler; `undefined` where there is
 * no schema.
 */
export type SchemaOutput<S> = S extends undefined
  ? undefined
  : S extends { readonly '~standard': StandardProps }
    ? NonNullable<S['~standard']['types']>['output']
    : S extends { readonly schema: infer Inner }
      ? SchemaOutput<Inner>
      : unknown

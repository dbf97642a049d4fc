/** Response headers as both transports report them: names in lower case, repeated fields joined by ", ". */
export type HeaderBag = Readonly<Record<string, string>>

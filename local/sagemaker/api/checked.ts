/** Requests in the types of the official SDK, so that the compiler compares the names of the fields. */

/** A request after its check: members that must be there are. The SDK types every member as possibly undefined. */
export type Checked<T> = T extends Date
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Checked<Element>[]
    : T extends object
      ? { readonly [Key in keyof T]: Checked<Exclude<T[Key], undefined>> }
      : T

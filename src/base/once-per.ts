/** What `make` says of an object, worked out once for each and kept as long as the object is. For what does not change. */
export function oncePer<K extends object, V>(make: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (of) => {
    const already = known.get(of);
    if (already) return already.value;
    const value = make(of);
    known.set(of, { value });
    return value;
  };
}

export function advisorIds(folder?: URL): string[];
export function catalogueSource(ids: readonly string[]): string;

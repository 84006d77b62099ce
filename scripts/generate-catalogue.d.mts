interface CatalogueKind {
  readonly folder: URL;
  readonly path: URL;
  readonly type: string;
  readonly from: string;
  readonly prefix: string;
  readonly noun: string;
}
export const catalogues: {
  readonly advisors: CatalogueKind;
  readonly rewrites: CatalogueKind;
  readonly patterns: CatalogueKind;
  readonly planFindings: CatalogueKind;
  readonly migrations: CatalogueKind;
  readonly formats: CatalogueKind;
};
export function idsIn(kind: CatalogueKind): string[];
export function catalogueSource(kind: CatalogueKind, ids: readonly string[]): string;

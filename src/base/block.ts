/** Bytes of a block in every build that npm ships. */
export const BLOCK_BYTES = 8192;

/** Bytes of `PageHeaderData`: what a page holds begins here. */
export const PAGE_HEADER_BYTES = 24;

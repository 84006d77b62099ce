const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of eighths of a column, `width` columns for 1; what is more than nothing shows. */
export function bar(share: number | null, width: number): string {
  if (share === null || share <= 0) return ' '.repeat(width);
  const eighths = Math.max(1, Math.round(Math.min(1, share) * width * 8));
  return ('█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')).padEnd(width);
}

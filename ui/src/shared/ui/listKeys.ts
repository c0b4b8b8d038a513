/** Where a key leads in a list: arrows, j and k, Home, End and the page keys. */
export function indexAfterKey(key: string, current: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const last = count - 1;
  const within = (index: number) => Math.min(Math.max(index, 0), last);
  switch (key) {
    case "ArrowDown":
    case "j":
      return within(current + 1);
    case "ArrowUp":
    case "k":
      return current < 0 ? last : within(current - 1);
    case "PageDown":
      return within(current + page);
    case "PageUp":
      return within(current - page);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}

import { Tooltip } from "@mantine/core";
import { formatAbsolute, formatAgo } from "../format/times";
import { useNow } from "../state/now";

/** How long ago something was; the exact time when pointed at. */
export function Time({ value, absent = "never" }: { value: string | null | undefined; absent?: string }) {
  const now = useNow();
  if (!value) return <span>{absent}</span>;
  return (
    <Tooltip label={formatAbsolute(value)}>
      <time dateTime={value}>{formatAgo(value, now)}</time>
    </Tooltip>
  );
}

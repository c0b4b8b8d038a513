import { Button, Text } from "@mantine/core";
import { useMemo } from "react";
import type { EventDetail } from "../../api/schema";
import { copy } from "../../shared/state/copy";
import { CopyButton } from "../../shared/ui/CopyButton";
import { isHiddenSecret } from "./curl";
import classes from "./Event.module.css";

export function HeadersTab({ event }: { event: EventDetail }) {
  const all = [
    `${event.method} ${event.url}`,
    ...event.headers.map(([name, value]) => `${name}: ${value}`),
  ].join("\n");
  return (
    <>
      <div className={classes.bar}>
        <span className={`${classes.mono} ${classes.cut}`} style={{ flex: 1 }} title={event.url}>
          {event.method} {event.url}
        </span>
        <CopyButton size={20} value={event.url} what="URL" />
        <Button variant="default" size="compact-xs" onClick={() => void copy(all, "all headers")}>
          Copy all
        </Button>
      </div>
      <HeaderTable headers={event.headers} label="Headers of the request" />
      {event.headers.some(([, value]) => isHiddenSecret(value ?? "")) && (
        <Text size="xs" c="dimmed" mt="xs">
          This provider sends the job's secret itself in a header. It is stored, so that the request can be
          checked again, but never shown, exported or copied.
        </Text>
      )}
    </>
  );
}

/** Names and values, each to be copied. */
export function HeaderTable({ headers, label }: { headers: string[][]; label: string }) {
  // A header may come twice: name and count together are unique.
  const rows = useMemo(() => {
    const counts = new Map<string, number>();
    return headers.map(([name = "", value = ""]) => {
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return { key: `${name} ${count}`, name, value };
    });
  }, [headers]);
  if (rows.length === 0) return <p className={classes.notes}>There were no headers.</p>;
  return (
    <table className={classes.table} aria-label={label}>
      <tbody>
        {rows.map(({ key, name, value }) => (
          <tr key={key}>
            <th scope="row">{name}</th>
            <td className={isHiddenSecret(value) ? classes.hidden : undefined}>{value}</td>
            <td>
              {!isHiddenSecret(value) && <CopyButton size={20} value={value} what={`value of ${name}`} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

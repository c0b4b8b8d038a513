import { Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { formatDay, formatShortClock, isSameDay } from "../../../shared/format/times";
import { type EventSearch, RANGE_WORDS, RANGES, type Range } from "../search";
import { FilterChip } from "./FilterChip";

interface TimeFilterProps {
  search: EventSearch;
  onChange: (patch: { [Key in "range" | "from" | "to"]: EventSearch[Key] | undefined }) => void;
}

const NONE = { range: undefined, from: undefined, to: undefined };

export function TimeFilter({ search, onChange }: TimeFilterProps) {
  // Arrows try one choice after the other; what is pressed, or Enter, is the one that was meant.
  const isTrying = useRef(false);
  return (
    <FilterChip name="Time" value={timeWords(search, Date.now())} onRemove={() => onChange(NONE)}>
      {(close) => (
        <Stack gap="xs">
          <Radio.Group
            aria-label="How far back"
            value={search.range ?? (search.from || search.to ? "custom" : "any")}
            onChange={(value) => {
              onChange({ ...NONE, range: RANGES.find((range) => range === value) });
              if (!isTrying.current) close();
            }}
            onKeyDown={(event) => {
              isTrying.current = event.key.startsWith("Arrow");
              if (event.key === "Enter") close();
            }}
            onPointerDown={() => {
              isTrying.current = false;
            }}
          >
            <Stack gap={8}>
              <Radio size="xs" value="any" label="Any time" />
              {RANGES.map((range: Range) => (
                <Radio size="xs" key={range} value={range} label={RANGE_WORDS[range]} />
              ))}
            </Stack>
          </Radio.Group>
          <Custom
            search={search}
            onApply={(from, to) => {
              onChange({ range: undefined, from, to });
              close();
            }}
          />
        </Stack>
      )}
    </FilterChip>
  );
}

function Custom({
  search,
  onApply,
}: {
  search: EventSearch;
  onApply: (from: string | undefined, to: string | undefined) => void;
}) {
  const [from, setFrom] = useState(localOf(search.from));
  const [to, setTo] = useState(localOf(search.to));
  const isBackwards = from !== "" && to !== "" && from >= to;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isBackwards) onApply(utcOf(from), utcOf(to));
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <TextInput
          type="datetime-local"
          label="From"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label="To, not included"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
          error={isBackwards ? "This has to be later than “From”." : undefined}
        />
        <Group justify="flex-end">
          <Button type="submit" variant="default" disabled={isBackwards || (from === "" && to === "")}>
            Show this time
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What the chip says. */
export function timeWords(
  { range, from, to }: Pick<EventSearch, "range" | "from" | "to">,
  now: number,
): string | undefined {
  if (range) return RANGE_WORDS[range];
  const words = (time: string) =>
    `${isSameDay(time, now) ? "" : `${formatDay(time, now)} `}${formatShortClock(time)}`;
  if (from && to) return `${words(from)} – ${words(to)}`;
  if (from) return `from ${words(from)}`;
  return to ? `until ${words(to)}` : undefined;
}

/** RFC 3339 as a `datetime-local` field has it: local, without a zone. */
export function localOf(time: string | undefined): string {
  if (!time) return "";
  const date = new Date(time);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** What a `datetime-local` field has, as RFC 3339. */
export const utcOf = (local: string): string | undefined =>
  local === "" ? undefined : new Date(local).toISOString();

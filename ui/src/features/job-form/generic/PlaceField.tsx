import { Group, Input, Select, TextInput } from "@mantine/core";
import { type ReactNode, useId } from "react";
import type { PlaceValue } from "./spec";

interface PlaceFieldProps {
  label: string;
  value: PlaceValue;
  /** What can be chosen, in this order. */
  kinds: PlaceValue["kind"][];
  /** What it means when it is nowhere. */
  absent?: string;
  onChange: (value: PlaceValue) => void;
  error?: ReactNode;
}

const NAMES: Record<PlaceValue["kind"], string> = {
  none: "Nowhere",
  path: "Body, at the path",
  header: "Header",
  value: "Always",
};

const EXAMPLES = { path: "data.id", header: "X-Acme-Event", value: "order" };

/** Where a value is found: a header, a path in the body, or a fixed value. */
export function PlaceField({ label, value, kinds, absent, onChange, error }: PlaceFieldProps) {
  const id = useId();
  return (
    <Input.Wrapper
      size="xs"
      label={label}
      labelElement="div"
      error={error}
      errorProps={{ id: `${id}-error` }}
    >
      <Group gap="xs" wrap="nowrap">
        <Select
          aria-label={`${label}: where it is found`}
          data={kinds.map((kind) => ({
            value: kind,
            label: kind === "none" && absent ? absent : NAMES[kind],
          }))}
          value={value.kind}
          onChange={(kind) => kind && onChange({ kind: kind as PlaceValue["kind"], text: value.text })}
          allowDeselect={false}
          w={value.kind === "none" ? "100%" : 168}
        />
        {value.kind !== "none" && (
          <TextInput
            aria-label={`${label}: ${NAMES[value.kind].toLowerCase()}`}
            placeholder={EXAMPLES[value.kind]}
            value={value.text}
            onChange={(event) => onChange({ kind: value.kind, text: event.currentTarget.value })}
            error={Boolean(error)}
            {...(error ? { "aria-describedby": `${id}-error` } : {})}
            autoComplete="off"
            spellCheck={false}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
            flex={1}
          />
        )}
      </Group>
    </Input.Wrapper>
  );
}

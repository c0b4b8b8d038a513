/** Which events are synced: all of them, or what names and patterns select. */
import { ActionIcon, Button, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconSearch, IconX } from "@tabler/icons-react";
import { memo, type ReactNode, useCallback, useDeferredValue, useId, useMemo, useState } from "react";
import { formatCount, plural } from "../../../shared/format/numbers";
import { providerOf } from "../../../shared/provider/providers";
import { type SectionProps, useJobFormContext } from "../form";
import { Section } from "../Section";
import { patternProblem } from "../validate";
import { chosenKind } from "../values";
import classes from "./EventTypes.module.css";
import { addTypes, groupTypes, searchGroups } from "./groups";
import { countMatches, describeMatches, wants } from "./patterns";
import { TypeTree } from "./TypeTree";

export function EventTypesSection({ choices }: SectionProps) {
  const form = useJobFormContext();
  const { scope, eventTypes } = form.values;
  // The form copies its values at every key that is pressed anywhere: hundreds of rows are drawn anew only for new patterns.
  const key = JSON.stringify(eventTypes);
  const patterns = useMemo<string[]>(() => JSON.parse(key), [key]);
  const { setFieldValue } = form;
  const choose = useCallback((chosen: string[]) => setFieldValue("eventTypes", chosen), [setFieldValue]);
  const provider = providerOf(choices.providers, chosenKind(form.values, choices.sources));
  const known = provider?.knownTypes ?? [];
  const label = provider?.label ?? "This provider";
  return (
    <Section
      title="Event types"
      help="Events of other types are still received and kept, as filtered, but not synced."
    >
      <SegmentedControl
        aria-label="Which events are synced"
        data={[
          { value: "all", label: "All events" },
          { value: "some", label: "Only chosen types" },
        ]}
        value={scope}
        onChange={(value) => form.setFieldValue("scope", value as "all" | "some")}
        style={{ alignSelf: "flex-start" }}
      />
      {scope === "all" ? (
        <Text size="sm" c="dimmed">
          {known.length > 0
            ? `All ${formatCount(known.length)} known types of ${label}, and those that it adds later.`
            : `Every type that ${label} sends.`}
        </Text>
      ) : (
        <Chosen
          known={known}
          provider={label}
          patterns={patterns}
          onChange={choose}
          error={form.errors.eventTypes}
        />
      )}
    </Section>
  );
}

interface ChosenProps {
  known: string[];
  provider: string;
  patterns: string[];
  onChange: (patterns: string[]) => void;
  error: ReactNode;
}

const Chosen = memo(function Chosen({ known, provider, patterns, onChange, error }: ChosenProps) {
  const errorId = useId();
  const count = useMemo(
    () => (patterns.length === 0 ? 0 : known.filter((type) => wants(patterns, type)).length),
    [patterns, known],
  );
  return (
    <Stack gap="sm">
      <PatternInput known={known} provider={provider} patterns={patterns} onChange={onChange} />
      {known.length > 0 && <KnownTypes known={known} patterns={patterns} onChange={onChange} />}
      <Group gap="xs" justify="space-between">
        <Text size="sm" aria-live="polite">
          {known.length > 0
            ? `${formatCount(count)} of ${formatCount(known.length)} known types are synced.`
            : `${plural(patterns.length, "pattern")}.`}
        </Text>
        <Button
          variant="subtle"
          size="compact-sm"
          disabled={patterns.length === 0}
          onClick={() => onChange([])}
        >
          Choose none
        </Button>
      </Group>
      <Patterns known={known} patterns={patterns} onChange={onChange} />
      {error && (
        <Text id={errorId} size="sm" c="var(--hl-bad)" role="alert" data-form-error tabIndex={-1}>
          {error}
        </Text>
      )}
    </Stack>
  );
});

/** A pattern of one's own, with what it would match while it is typed. */
function PatternInput({ known, provider, patterns, onChange }: Omit<ChosenProps, "error">) {
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const pattern = typed.trim();
  const isThere = patterns.includes(pattern);
  const add = () => {
    const wrong = patternProblem(pattern);
    setProblem(wrong);
    if (wrong) return;
    if (!isThere) onChange([...patterns, pattern]);
    setTyped("");
  };
  const described = isThere ? `${pattern} is in the list.` : describeMatches(pattern, known, provider);
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        label="Type or pattern"
        placeholder="customer.* or *.deleted"
        description={
          pattern === "" ? (
            "A * stands for anything, dots included."
          ) : (
            <span aria-live="polite">{described}</span>
          )
        }
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setProblem(null);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          add();
        }}
        error={problem}
        autoComplete="off"
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        flex={1}
      />
      <Button variant="default" leftSection={<IconPlus size={14} />} onClick={add} mt={19}>
        Add
      </Button>
    </Group>
  );
}

/** The tree of known types under a field to search it. */
function KnownTypes({ known, patterns, onChange }: Pick<ChosenProps, "known" | "patterns" | "onChange">) {
  const [query, setQuery] = useState("");
  const deferred = useDeferredValue(query);
  const groups = useMemo(() => groupTypes(known), [known]);
  const byKey = useMemo(() => new Map(groups.map((group) => [group.key, group])), [groups]);
  const shown = useMemo(() => searchGroups(groups, deferred), [groups, deferred]);
  const searching = deferred.trim() !== "";
  const found = shown.flatMap(({ types }) => types);
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap">
        <TextInput
          aria-label="Search the known types"
          placeholder={`Search ${formatCount(known.length)} known types`}
          leftSection={<IconSearch size={14} />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          flex={1}
        />
        {searching && found.length > 0 && (
          <Button variant="default" onClick={() => onChange(addTypes(patterns, found))}>
            Choose {plural(found.length, "type")}
          </Button>
        )}
        {!searching && (
          <Button variant="default" onClick={() => onChange(["*"])}>
            Choose all
          </Button>
        )}
      </Group>
      {found.length === 0 ? (
        <Text size="sm" c="dimmed">
          No known type holds “{deferred}”. Add it above as a type of its own: unknown types work all the
          same.
        </Text>
      ) : (
        <TypeTree
          shown={shown}
          groups={byKey}
          patterns={patterns}
          onChange={onChange}
          allOpen={searching || known.length <= 12}
        />
      )}
    </Stack>
  );
}

/** What is chosen, as it is stored: each can be taken away. */
function Patterns({ known, patterns, onChange }: Pick<ChosenProps, "known" | "patterns" | "onChange">) {
  if (patterns.length === 0) return null;
  return (
    <ul className={classes.patterns} aria-label="Chosen types and patterns">
      {patterns.map((pattern) => {
        const count = pattern.includes("*") || known.length === 0 ? countMatches(pattern, known) : null;
        const unknown = known.length > 0 && countMatches(pattern, known) === 0;
        return (
          <li key={pattern} className={classes.pattern}>
            <span className={classes.name}>{pattern}</span>
            {unknown ? (
              <span className={classes.unknown}>not known: check its spelling</span>
            ) : (
              count !== null &&
              known.length > 0 && <span className={classes.count}>{formatCount(count)}</span>
            )}
            <ActionIcon
              size={20}
              aria-label={`Remove ${pattern}`}
              onClick={() => onChange(patterns.filter((other) => other !== pattern))}
            >
              <IconX size={12} />
            </ActionIcon>
          </li>
        );
      })}
    </ul>
  );
}

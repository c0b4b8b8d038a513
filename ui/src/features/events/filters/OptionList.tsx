/** A list to pick from, with a field that narrows it: arrow keys and Enter work while typing. */
import { Combobox, Text, TextInput, useCombobox } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import classes from "./Filters.module.css";

export interface Option {
  value: string;
  label: string;
  group?: string;
  /** Shown in front of the label. */
  icon?: ReactNode;
}

interface OptionListProps {
  /** What is picked, for the field's label: "Event type". */
  what: string;
  options: readonly Option[];
  selected: readonly string[];
  onPick: (value: string) => void;
  /** Whether a text that is no option may be picked, too. */
  free?: boolean;
  placeholder: string;
}

/** More are not drawn: who looks for one of a thousand types. */
const MOST_SHOWN = 100;

export function OptionList({ what, options, selected, onPick, free = false, placeholder }: OptionListProps) {
  const [text, setText] = useState("");
  const combobox = useCombobox({ opened: true });
  const found = narrowed(options, text);
  const shown = found.slice(0, MOST_SHOWN);
  const typed = text.trim();
  const offersTyped = free && typed !== "" && !options.some((option) => option.value === typed);
  const option = ({ value, label, icon }: Option) => (
    <Combobox.Option key={value} value={value} active={selected.includes(value)} px={6} py={4}>
      <span className={classes.option}>
        <span className={classes.mark}>{selected.includes(value) && <IconCheck size={14} />}</span>
        {icon}
        <span title={label}>{label}</span>
      </span>
    </Combobox.Option>
  );
  return (
    <Combobox
      store={combobox}
      onOptionSubmit={(value) => {
        onPick(value);
        if (value === typed) setText("");
      }}
    >
      <Combobox.EventsTarget withExpandedAttribute>
        <TextInput
          data-autofocus
          aria-label={what}
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            combobox.resetSelectedOption();
          }}
          onKeyDown={(event) => {
            // Enter without an arrow key takes what was typed, or the only thing that is left.
            if (event.key !== "Enter" || combobox.getSelectedOptionIndex() >= 0) return;
            const only = offersTyped ? typed : found.length === 1 ? found[0]?.value : undefined;
            if (!only) return;
            event.preventDefault();
            onPick(only);
            setText("");
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options className={classes.options} aria-label={what}>
        {offersTyped && (
          <Combobox.Option value={typed} px={6} py={4}>
            <span className={classes.option}>
              <span className={classes.mark} />
              <span>Use “{typed}”</span>
            </span>
          </Combobox.Option>
        )}
        {[...grouped(shown)].map(([group, members]) =>
          group ? (
            <Combobox.Group key={group} label={group}>
              {members.map(option)}
            </Combobox.Group>
          ) : (
            members.map(option)
          ),
        )}
        {found.length === 0 && !offersTyped && <Combobox.Empty>Nothing has these words</Combobox.Empty>}
      </Combobox.Options>
      {found.length > shown.length && (
        <Text size="xs" c="dimmed" px={6} pt={4}>
          {found.length - shown.length} more: type to narrow them
        </Text>
      )}
    </Combobox>
  );
}

/** The options that have the words. */
export function narrowed(options: readonly Option[], text: string): Option[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return options.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}

function grouped(options: readonly Option[]): Map<string, Option[]> {
  const groups = new Map<string, Option[]>();
  for (const option of options) {
    const group = option.group ?? "";
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return groups;
}

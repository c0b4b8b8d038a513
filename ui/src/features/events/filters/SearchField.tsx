import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { type Ref, useEffect, useState } from "react";
import classes from "./Filters.module.css";

interface SearchFieldProps {
  ref: Ref<HTMLInputElement>;
  value: string;
  onChange: (value: string) => void;
  /** Escape in an empty field: the list has the keys again. */
  onLeave: () => void;
}

const PAUSE_MS = 250;

/** The field for words. The address follows when typing pauses. */
export function SearchField({ ref, value, onChange, onLeave }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  const send = useDebouncedCallback((next: string) => {
    setSent(next.trim());
    onChange(next.trim());
  }, PAUSE_MS);
  // What did not come from here (back, a link, "Clear filters") is taken over; an echo of one's own typing is not.
  useEffect(() => {
    if (value === sent) return;
    setText(value);
    setSent(value);
  }, [value, sent]);
  const clear = () => {
    send.cancel();
    setText("");
    setSent("");
    onChange("");
  };
  return (
    <TextInput
      ref={ref}
      className={classes.search}
      aria-label="Search events"
      placeholder="Search ids, types, values, errors"
      leftSection={<IconSearch size={14} />}
      rightSection={
        text ? (
          <CloseButton size="xs" aria-label="Clear the search" onClick={clear} />
        ) : (
          <Kbd size="xs" aria-hidden>
            /
          </Kbd>
        )
      }
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          if (text) clear();
          else onLeave();
        } else if (event.key === "Enter") {
          send.flush();
        } else if (event.key === "ArrowDown") {
          event.preventDefault();
          onLeave();
        }
      }}
      spellCheck={false}
      maxLength={500}
    />
  );
}

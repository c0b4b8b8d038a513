import type { EditorView } from "@codemirror/view";
import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconFold, IconFoldDown, IconSearch } from "@tabler/icons-react";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { formatCount } from "../format/numbers";
import { CopyButton } from "../ui/CopyButton";
import { shownHotkey } from "../ui/keys";
import { foldFrom, unfoldEverything } from "./folding";
import classes from "./Json.module.css";
import type { JsonLines } from "./lines";
import { MAX_MATCHES } from "./marks";
import { useTextSearch } from "./useTextSearch";

interface JsonToolbarProps {
  view: EditorView | undefined;
  /** What is copied. */
  text: string;
  /** Without them nothing can be folded. */
  lines?: JsonLines;
  actions?: ReactNode;
  /** Within this element mod+F goes to the search field. */
  scope: RefObject<HTMLElement | null>;
}

export function JsonToolbar({ view, text, lines, actions, scope }: JsonToolbarProps) {
  const field = useRef<HTMLInputElement>(null);
  const search = useTextSearch(view);

  useEffect(() => {
    const element = scope.current;
    const find = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "f" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      field.current?.select();
      field.current?.focus();
    };
    element?.addEventListener("keydown", find, { capture: true });
    return () => element?.removeEventListener("keydown", find, { capture: true });
  }, [scope]);

  return (
    <div className={classes.toolbar} role="toolbar" aria-label="JSON tools">
      <TextInput
        ref={field}
        className={classes.search}
        aria-label="Search in this text"
        placeholder={`Search (${shownHotkey("mod+F")})`}
        leftSection={<IconSearch size={14} />}
        value={search.wanted}
        onChange={(event) => search.setWanted(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") search.go(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape" && search.wanted !== "") {
            // The first Escape leaves the search, the next one whatever is around it.
            event.stopPropagation();
            search.setWanted("");
          } else return;
          event.preventDefault();
        }}
      />
      {search.wanted !== "" && (
        <>
          <span className={classes.count} role="status">
            {countText(search.now, search.matches.length)}
          </span>
          <ToolButton
            label="Previous match"
            onClick={() => search.go(-1)}
            icon={<IconChevronUp size={14} />}
          />
          <ToolButton label="Next match" onClick={() => search.go(1)} icon={<IconChevronDown size={14} />} />
        </>
      )}
      <span className={classes.spring} />
      {lines && view && (
        <>
          <ToolButton
            label="Fold all"
            onClick={() => foldFrom(view, lines, 1)}
            icon={<IconFold size={14} />}
          />
          <ToolButton
            label="Unfold all"
            onClick={() => unfoldEverything(view)}
            icon={<IconFoldDown size={14} />}
          />
        </>
      )}
      <CopyButton value={text} what={lines ? "formatted JSON" : "text"} />
      {actions}
    </div>
  );
}

function countText(now: number, count: number): string {
  if (count === 0) return "No match";
  return `${now + 1} of ${formatCount(count)}${count === MAX_MATCHES ? "+" : ""}`;
}

function ToolButton({ label, onClick, icon }: { label: string; onClick: () => void; icon: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

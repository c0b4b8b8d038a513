/** The command palette: every action, found by typing. */
import { Kbd } from "@mantine/core";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { shownHotkey } from "../../shared/ui/keys";
import { type Action, useAllActions } from "../actions";

export const openPalette = (): void => spotlight.open();

export function CommandPalette() {
  const actions = useAllActions();
  return (
    <Spotlight
      actions={grouped(actions)}
      shortcut="mod + K"
      nothingFound="No command has these words"
      highlightQuery
      scrollable
      maxHeight={420}
      limit={60}
      triggerOnContentEditable
      tagsToIgnore={[]}
      transitionProps={{ duration: 80 }}
      attributes={{ content: { "aria-label": "Commands" } }}
      searchProps={{
        leftSection: <IconSearch size={16} />,
        placeholder: "What do you want to do?",
        "aria-label": "Command",
      }}
    />
  );
}

function grouped(actions: Action[]) {
  const groups = new Map<string, Action[]>();
  for (const action of actions) groups.set(action.group, [...(groups.get(action.group) ?? []), action]);
  return [...groups].map(([group, members]) => ({
    group,
    actions: members.map(({ id, label, hotkey, keywords, run }) => ({
      id,
      label,
      ...(keywords ? { keywords } : {}),
      ...(hotkey ? { rightSection: <Kbd size="xs">{shownHotkey(hotkey)}</Kbd> } : {}),
      onClick: run,
    })),
  }));
}

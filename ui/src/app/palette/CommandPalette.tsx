/** The command palette: every action, found by typing. */
import { Kbd } from "@mantine/core";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { IconSearch } from "@tabler/icons-react";
import { type Action, useAllActions } from "../../shared/state/actions";
import { isDialogOpen } from "../../shared/ui/dialogs";
import { shownHotkey } from "../../shared/ui/keys";

const NAME = "Commands";

/** Opens it, unless another dialog is open: what that asks, or does, belongs to the page that it was opened on. */
export const openPalette = (): void => {
  if (!isDialogOpen(NAME)) spotlight.open();
};

export function CommandPalette() {
  const actions = useAllActions();
  return (
    <Spotlight
      actions={grouped(actions)}
      shortcut={null}
      nothingFound="No command has these words"
      highlightQuery
      scrollable
      maxHeight={420}
      limit={60}
      transitionProps={{ duration: 80 }}
      attributes={{ content: { "aria-label": NAME } }}
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
      onClick: () => run(),
    })),
  }));
}

import { ActionIcon, Group, Menu, Select, Stack, Text, Tooltip } from "@mantine/core";
import { IconDots, IconLink, IconPencil, IconPlugConnected, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { api, call, WORKSPACE } from "../../api/client";
import { jobsQuery } from "../../api/queries";
import type { Destination } from "../../api/schema";
import { type Action, useActions } from "../../shared/state/actions";
import { useNow } from "../../shared/state/now";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Status } from "../../shared/ui/Status";
import { CheckResult } from "./CheckResult";
import { ConnectionDialog } from "./ConnectionDialog";
import { DeleteDestinationDialog } from "./DeleteDestinationDialog";
import classes from "./Documents.module.css";
import { destinationState, KIND_NAMES } from "./destinationState";
import { RenameDialog } from "./RenameDialog";

interface DestinationPanelProps {
  destinations: Destination[];
  destination: Destination | undefined;
  onChoose: (id: string | undefined) => void;
}

/** Chooses a destination, tells how it is, and offers what can be done with it. */
export function DestinationPanel({ destinations, destination, onChoose }: DestinationPanelProps) {
  const select = (
    <Select
      aria-label="Destination"
      placeholder="Choose a destination"
      data={destinations.map(({ id, name }) => ({ value: id, label: name }))}
      value={destination?.id ?? null}
      onChange={(id) => id && onChoose(id)}
      allowDeselect={false}
      searchable={destinations.length > 8}
      renderOption={({ option }) => {
        const kind = destinations.find(({ id }) => id === option.value)?.kind;
        return (
          <div className={classes.line} style={{ width: "100%" }}>
            <span className={classes.name}>{option.label}</span>
            <span className={classes.quiet}>{kind && KIND_NAMES[kind]}</span>
          </div>
        );
      }}
      flex={1}
      miw={0}
    />
  );
  if (!destination) return select;
  return (
    <Chosen key={destination.id} destination={destination} onDeleted={() => onChoose(undefined)}>
      {select}
    </Chosen>
  );
}

type Dialog = "rename" | "connection" | "delete";

interface ChosenProps {
  destination: Destination;
  onDeleted: () => void;
  children: ReactNode;
}

function Chosen({ destination, onDeleted, children }: ChosenProps) {
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const check = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/workspaces/{workspaceId}/destinations/{destinationId}/check", {
          params: { path: { workspaceId: WORKSPACE, destinationId: destination.id } },
        }),
      ),
  });
  useDestinationPalette(destination, check.mutate, setDialog);
  return (
    <Stack gap="xs">
      <Group gap={4} wrap="nowrap">
        {children}
        <DestinationMenu destination={destination} onCheck={() => check.mutate()} onDialog={setDialog} />
      </Group>
      <Facts destination={destination} />
      <CheckResult
        running={check.isPending}
        answer={check.data}
        error={check.error}
        onDismiss={check.reset}
      />
      {dialog === "rename" && <RenameDialog destination={destination} onClose={close} />}
      {dialog === "connection" && <ConnectionDialog destination={destination} onClose={close} />}
      {dialog === "delete" && (
        <DeleteDestinationDialog destination={destination} onClose={close} onDeleted={onDeleted} />
      )}
    </Stack>
  );
}

/** Offers the menu's items in the command palette. */
function useDestinationPalette(
  { name, kind }: Destination,
  onCheck: () => void,
  onDialog: (dialog: Dialog) => void,
): void {
  useActions(
    useMemo(() => {
      const action = (id: string, label: string, run: () => void): Action => ({
        id: `destination.${id}`,
        label,
        group: "Destination",
        run,
      });
      return [
        action("check", `Check connection of ${name}`, onCheck),
        action("rename", `Rename ${name}…`, () => onDialog("rename")),
        ...(kind === "local"
          ? []
          : [action("connection", `Change the address of ${name}…`, () => onDialog("connection"))]),
        action("delete", `Delete ${name}…`, () => onDialog("delete")),
      ];
    }, [name, kind, onCheck, onDialog]),
  );
}

function Facts({ destination }: { destination: Destination }) {
  const now = useNow();
  const { data: jobs } = useQuery(jobsQuery);
  const state = jobs && destinationState(destination.id, jobs, now);
  return (
    <Stack gap={4}>
      <Group gap={4} wrap="nowrap">
        <Text size="xs" c="dimmed" style={{ flex: "none" }}>
          {KIND_NAMES[destination.kind]}
        </Text>
        {destination.displayUrl && (
          <>
            <Tooltip label={destination.displayUrl} multiline maw={480}>
              <Text span size="xs" ff="monospace" c="dimmed" className={classes.url}>
                {destination.displayUrl}
              </Text>
            </Tooltip>
            <CopyButton value={destination.displayUrl} what="address" size={20} />
          </>
        )}
      </Group>
      {state && (
        <>
          <Status tone={state.tone}>{state.word}</Status>
          <Text size="xs" c="dimmed" lineClamp={6}>
            {state.sentence}
          </Text>
        </>
      )}
    </Stack>
  );
}

interface DestinationMenuProps {
  destination: Destination;
  onCheck: () => void;
  onDialog: (dialog: Dialog) => void;
}

function DestinationMenu({ destination, onCheck, onDialog }: DestinationMenuProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={`What to do with ${destination.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPlugConnected size={14} />} onClick={onCheck}>
          Check connection
        </Menu.Item>
        <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => onDialog("rename")}>
          Rename…
        </Menu.Item>
        {destination.kind !== "local" && (
          <Menu.Item leftSection={<IconLink size={14} />} onClick={() => onDialog("connection")}>
            {destination.kind === "mongodb" ? "Change URI or database…" : "Change URL…"}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item c="var(--hl-bad)" leftSection={<IconTrash size={14} />} onClick={() => onDialog("delete")}>
          Delete…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

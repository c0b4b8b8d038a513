import { Anchor, Button, Group, List, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { describeError } from "../../api/client";
import { jobsQuery } from "../../api/queries";
import type { Destination } from "../../api/schema";
import { jobsOf } from "./destinationState";
import { useDeleteDestination } from "./mutations";

interface DeleteDestinationDialogProps {
  destination: Destination;
  onClose: () => void;
  onDeleted: () => void;
}

/** Deletes a destination that no job uses; otherwise says which jobs are in the way. */
export function DeleteDestinationDialog(props: DeleteDestinationDialogProps) {
  const { destination, onClose } = props;
  const { data: jobs } = useQuery(jobsQuery);
  const using = jobsOf(destination.id, jobs ?? []);
  return (
    <Modal opened onClose={onClose} title={`Delete ${destination.name}`} size="md">
      {using.length > 0 ? (
        <Stack>
          <Text>This destination cannot be deleted while sync jobs write into it:</Text>
          <List size="sm">
            {using.map(({ id, name }) => (
              <List.Item key={id}>
                <Anchor
                  size="sm"
                  renderRoot={(rest) => <Link {...rest} to="/transfers/$jobId" params={{ jobId: id }} />}
                >
                  {name}
                </Anchor>
              </List.Item>
            ))}
          </List>
          <Text c="dimmed">Give them another destination or delete them first.</Text>
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={onClose}>
              Close
            </Button>
          </Group>
        </Stack>
      ) : (
        <Confirm {...props} />
      )}
    </Modal>
  );
}

function Confirm({ destination, onClose, onDeleted }: DeleteDestinationDialogProps) {
  const [name, setName] = useState("");
  const remove = useDeleteDestination(destination.id, () => {
    onClose();
    onDeleted();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name === destination.name) remove.mutate();
  };
  const error = remove.error && describeError(remove.error);
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{whatIsLost(destination)}</Text>
        <TextInput
          label={`Type “${destination.name}” to confirm`}
          data-autofocus
          autoComplete="off"
          value={name}
          error={error && [error.message, error.hint].filter(Boolean).join(" ")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={remove.isPending} disabled={name !== destination.name}>
            Delete destination
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What goes and what stays. */
export function whatIsLost({ kind, displayUrl }: Pick<Destination, "kind" | "displayUrl">): string {
  switch (kind) {
    case "mongodb":
      return "Hookline forgets its name and its connection string. Documents in MongoDB stay as they are.";
    case "local":
      return `Hookline forgets it, and its documents are no longer shown. The file with them stays: ${displayUrl}`;
    case "http":
      return "Hookline forgets its name and its URL. The server keeps what it was sent.";
  }
}

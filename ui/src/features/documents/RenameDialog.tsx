import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { describeError } from "../../api/client";
import type { Destination } from "../../api/schema";
import { useUpdateDestination } from "./mutations";

export function RenameDialog({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const [name, setName] = useState(destination.name);
  const update = useUpdateDestination(destination.id, onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === destination.name) onClose();
    else update.mutate({ name: name.trim() });
  };
  const error = update.error && describeError(update.error);
  return (
    <Modal opened onClose={onClose} title="Rename destination" size="sm">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            data-autofocus
            required
            maxLength={200}
            value={name}
            error={error && [error.message, error.hint].filter(Boolean).join(" ")}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={update.isPending} disabled={name.trim() === ""}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

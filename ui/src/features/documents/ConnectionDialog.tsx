import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, api, call, describeError, WORKSPACE } from "../../api/client";
import type { CreateDestination, Destination, UpdateDestination } from "../../api/schema";
import { CheckResult } from "./CheckResult";
import { useUpdateDestination } from "./mutations";

interface ConnectionDialogProps {
  destination: Destination;
  onClose: () => void;
}

/** Another URI, database or URL. What is stored cannot be shown: it has a password in it. */
export function ConnectionDialog({ destination, onClose }: ConnectionDialogProps) {
  const mongodb = destination.kind === "mongodb";
  const [address, setAddress] = useState("");
  const [database, setDatabase] = useState(destination.database ?? "");
  const update = useUpdateDestination(destination.id, onClose);
  const check = useMutation({
    gcTime: 0,
    mutationFn: (body: CreateDestination) =>
      call(
        api.POST("/api/workspaces/{workspaceId}/destinations/check", {
          params: { path: { workspaceId: WORKSPACE } },
          body,
        }),
      ),
  });

  const uri = address.trim();
  const newDatabase = database.trim() === (destination.database ?? "") ? "" : database.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate(changesOf(destination, uri, newDatabase));
  };
  const tryIt = () =>
    check.mutate(
      mongodb
        ? { kind: "mongodb", uri, ...(database.trim() ? { database: database.trim() } : {}) }
        : { kind: "http", url: uri },
    );
  const failed = update.error ?? (isField(check.error, "uri", "url", "database") ? check.error : null);
  const errorOf = (...fields: string[]) => (isField(failed, ...fields) ? words(failed) : undefined);
  const elsewhere = update.error && !isField(update.error, "uri", "url", "database") ? update.error : null;

  return (
    <Modal opened onClose={onClose} title={mongodb ? "Change URI or database" : "Change URL"} size="lg">
      <form onSubmit={submit}>
        <Stack>
          <PasswordInput
            label={mongodb ? "New URI" : "New URL"}
            description={
              mongodb
                ? `mongodb://… or mongodb+srv://…. Empty keeps the present one (${destination.displayUrl}).`
                : `http://… or https://…. Now: ${destination.displayUrl}`
            }
            data-autofocus
            autoComplete="off"
            spellCheck={false}
            required={!mongodb}
            maxLength={4096}
            value={address}
            error={errorOf("uri", "url")}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          {mongodb && (
            <TextInput
              label="Database"
              description="A database in the new URI's path is overruled by this one."
              spellCheck={false}
              maxLength={63}
              value={database}
              error={errorOf("database")}
              onChange={(event) => setDatabase(event.currentTarget.value)}
            />
          )}
          <Text size="xs" c="dimmed">
            Documents are not moved: what is in the old place stays there, and new events go to the new one.
          </Text>
          <CheckResult
            running={check.isPending}
            answer={check.data}
            error={isField(check.error, "uri", "url", "database") ? null : check.error}
          />
          {elsewhere && (
            <Text size="sm" c="var(--hl-bad)" role="alert">
              {words(elsewhere)}
            </Text>
          )}
          <Group justify="space-between">
            <Button variant="default" onClick={tryIt} disabled={uri === "" || check.isPending}>
              Check connection
            </Button>
            <Group>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button
                type="submit"
                loading={update.isPending}
                disabled={uri === "" && (!mongodb || newDatabase === "")}
              >
                Save
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What is to be changed: a field that was left as it is, is not named. */
export function changesOf(destination: Destination, address: string, database: string): UpdateDestination {
  if (destination.kind === "http") return { url: address };
  return { ...(address ? { uri: address } : {}), ...(database ? { database } : {}) };
}

const isField = (error: Error | null, ...fields: string[]): error is ApiError =>
  error instanceof ApiError && error.field !== undefined && fields.includes(error.field);

function words(error: Error): string {
  const { message, hint } = describeError(error);
  return hint ? `${message} ${hint}` : message;
}

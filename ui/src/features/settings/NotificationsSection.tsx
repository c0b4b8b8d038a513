import { SegmentedControl } from "@mantine/core";
import { platform } from "../../platform";
import { setPreference, usePreference } from "../../shared/state/preferences";
import { SettingRow, SettingRows } from "./SettingRow";

export function NotificationsSection() {
  const notifications = usePreference("notifications");
  return (
    <SettingRows>
      {platform().kind === "browser" ? (
        <SettingRow
          label="Notifications"
          description="Notifications come from the desktop app. A browser shows none: look at the light at the top of this page."
        />
      ) : (
        <SettingRow
          label="Notify me of"
          description="One notification when a sync job's events begin to fail for good, or its destination stays away for several minutes; not again until you have looked."
        >
          <SegmentedControl
            aria-label="Notify me of"
            data={[
              { value: "failures", label: "Failures" },
              { value: "off", label: "Nothing" },
            ]}
            value={notifications}
            onChange={(value) => setPreference("notifications", value)}
          />
        </SettingRow>
      )}
    </SettingRows>
  );
}

// SPDX-License-Identifier: Apache-2.0
// The codes of this room.

export const sandboxErrorCodes = {
  SANDBOX_HELPER_MISSING: "the native helper is not where it should be, or cannot be started",
  SANDBOX_HELPER_VERSION: "the native helper is of another version",
  SANDBOX_HELPER_CRASHED: "the native helper ended without saying how its work went",
  SANDBOX_HELPER_EVENT: "the native helper said something that is not understood",
  SANDBOX_BAD_REQUEST: "a request to the native helper was refused as malformed",
  SANDBOX_SYSTEM: "the system refused something that the sandbox needs",
  SANDBOX_NOT_PERMITTED: "the sandbox lacks a privilege that it needs",
  SANDBOX_UNREADABLE: "a file or a directory may not be read by this user",
  SANDBOX_NO_FEATURE: "the kernel lacks a feature that the sandbox needs",
  SANDBOX_NO_LAYER: "a layer's directory is missing in the store",
  SANDBOX_EXEC: "the command of a step cannot be started",
  SANDBOX_USER: "a user or group is unknown in the image, or its user database is refused",
  SANDBOX_MOUNT_TARGET: "something cannot be mounted where it should be",
  SANDBOX_MOUNT_SOURCE: "the source of a mount is missing or of the wrong kind",
  SANDBOX_ROOT_IN_USE: "a step gave a file of its root to a process that is still alive",
  SANDBOX_WORKING_DIRECTORY: "the working directory cannot be used",
  SANDBOX_NETWORK: "the network of a step cannot be set up",
  SANDBOX_CGROUP: "a resource limit cannot be set on this machine",
  SANDBOX_STORAGE_DRIVER: "a storage driver is unknown or cannot be used here",
  SANDBOX_SECURITY_OPTION: "an option of --security-opt is unknown or cannot be honoured here",
  SANDBOX_SECCOMP_PROFILE: "a profile of system calls cannot be read or has a mistake",
  SANDBOX_DEVICE: "a device's specification cannot be used, or asks for what no step gets",
  SANDBOX_CAPABILITY: "a capability is unknown or not available",
  SANDBOX_LIMIT: "something is larger than allowed",
  SANDBOX_NOT_A_FILE: "a regular file was expected, and something else is there",
  SANDBOX_BAD_ENTRY: "an archive has an entry that cannot be unpacked",
  SANDBOX_LINK_TARGET: "an archive has a hard link to a file that is not there",
  SANDBOX_WHITEOUT_NAME: "a file has a name that would mean a deletion in a layer",
  SANDBOX_COPY_CONFLICT:
    "a copy would replace a directory by something else, or the other way round",
} as const;

export type SandboxErrorCode = keyof typeof sandboxErrorCodes;

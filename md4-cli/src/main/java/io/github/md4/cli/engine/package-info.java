// SPDX-License-Identifier: Apache-2.0
/** Devices, libtorch, the driver and memory, and their failures in words. */
package io.github.md4.cli.engine;

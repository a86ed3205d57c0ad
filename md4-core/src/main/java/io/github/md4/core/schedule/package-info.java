// SPDX-License-Identifier: Apache-2.0
/** Masking schedules and axes of time, in doubles on the host. */
package io.github.md4.core.schedule;

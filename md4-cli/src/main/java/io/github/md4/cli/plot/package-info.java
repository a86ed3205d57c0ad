// SPDX-License-Identifier: Apache-2.0
/** Pictures of schedules and of sampling, as PNG. */
package io.github.md4.cli.plot;

// SPDX-License-Identifier: Apache-2.0
/** The parts that several commands share: options, models, reports, progress and failures. */
package io.github.md4.cli.support;

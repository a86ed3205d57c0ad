// SPDX-License-Identifier: Apache-2.0
/** Experiments, as YAML files describe them. */
package io.github.md4.cli.experiment;

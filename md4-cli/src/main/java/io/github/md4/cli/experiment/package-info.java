// SPDX-License-Identifier: Apache-2.0
/** An experiment as a YAML file describes it. */
package io.github.md4.cli.experiment;

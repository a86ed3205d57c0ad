// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import picocli.CommandLine.Command;

/** The command {@code md4 config}. */
@Command(
    name = "config",
    description = "Begins a config for your data, and explains configs.",
    subcommands = {ConfigInitCommand.class, ConfigShowCommand.class, ConfigSchemaCommand.class},
    footer = {"%nExamples:", "  md4 config init data/book --out book.yaml"})
public final class ConfigCommand {}

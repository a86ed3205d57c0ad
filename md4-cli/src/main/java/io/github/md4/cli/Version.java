// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.engine.Engine;
import picocli.CommandLine.IVersionProvider;

/** The lines of {@code md4 --version}. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    // The jar's manifest has it; classes run from a folder have none.
    String version = Main.class.getPackage().getImplementationVersion();
    return new String[] {
      "md4 " + (version == null ? "(not packaged)" : version),
      "DJL " + Engine.getDjlVersion(),
      "Java " + Runtime.version(),
    };
  }
}

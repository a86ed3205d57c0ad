// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;

/** The provider of {@link Md4Engine}, found by DJL on the class path. */
public final class Md4EngineProvider implements EngineProvider {
  /** Behind all engines with arrays of their own, so that none of their programs gets this one. */
  private static final int LAST = 1000;

  /** Makes the provider, as ServiceLoader does. */
  public Md4EngineProvider() {}

  @Override
  public String getEngineName() {
    return Md4Engine.NAME;
  }

  @Override
  public int getEngineRank() {
    return LAST;
  }

  @Override
  public Engine getEngine() {
    return new Md4Engine(LAST);
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/**
 * The engine under which DJL loads model folders of this library. It has no arrays of its own:
 * PyTorch's serve. docs/djl.md has a program.
 */
public final class Md4Engine extends Engine {
  /** The name for {@code Criteria.optEngine}, and for {@code serving.properties}. */
  public static final String NAME = "MD4";

  private static final String ARRAYS = "PyTorch";

  private final int rank;

  Md4Engine(int rank) {
    this.rank = rank;
  }

  @Override
  public Engine getAlternativeEngine() {
    return Engine.getEngine(ARRAYS);
  }

  @Override
  public String getEngineName() {
    return NAME;
  }

  @Override
  public int getRank() {
    return rank;
  }

  @Override
  public String getVersion() {
    return getAlternativeEngine().getVersion();
  }

  @Override
  public boolean hasCapability(String capability) {
    return getAlternativeEngine().hasCapability(capability);
  }

  @Override
  public Model newModel(String name, Device device) {
    return new Md4Model(name, newBaseManager(device));
  }

  @Override
  public NDManager newBaseManager() {
    return getAlternativeEngine().newBaseManager();
  }

  @Override
  public NDManager newBaseManager(Device device) {
    return getAlternativeEngine().newBaseManager(device);
  }
}

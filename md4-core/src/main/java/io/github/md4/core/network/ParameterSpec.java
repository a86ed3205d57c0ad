// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.types.Shape;

/**
 * A parameter before it has a value.
 *
 * @param name dotted and stable: it is the name in the model file
 * @param shape the sizes of its axes; elements follow in row-major order
 * @param initializer the law of its first values
 */
public record ParameterSpec(String name, Shape shape, Initializer initializer) {}

// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import io.github.md4.core.internal.transformer.StepRows;
import java.util.List;

/**
 * A step of sampling as the host writes it.
 *
 * @param examples E
 * @param features of the examples of each view, [E F]
 * @param rows where tokens are drawn, and which of them stay; at least one
 */
public record HostStep(int examples, List<float[]> features, StepRows rows) {}

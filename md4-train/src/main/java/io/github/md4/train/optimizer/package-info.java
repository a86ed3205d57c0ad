// SPDX-License-Identifier: Apache-2.0
/**
 * AdamW, its learning rate, and the bounds on its gradients (spec, Section 8; "spec" is
 * docs/spec.md of this project). The types are immutable. No argument may be null.
 */
package io.github.md4.train.optimizer;

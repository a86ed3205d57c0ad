// SPDX-License-Identifier: Apache-2.0
/**
 * The settings of a training: {@link io.github.md4.train.config.TrainingConfig} and its groups, as
 * configs hold them (docs/config.md). Records are immutable. No argument may be null.
 */
package io.github.md4.train.config;

// SPDX-License-Identifier: Apache-2.0
/** Estimators of the negative ELBO and the units in which it is reported. */
package io.github.md4.core.likelihood;

// SPDX-License-Identifier: Apache-2.0
/** How fast a configuration trains, and where its time goes. */
package io.github.md4.train.bench;

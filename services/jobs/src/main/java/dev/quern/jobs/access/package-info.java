/** API keys, sessions of the dashboard, and who stands behind them. */
@NullMarked
package dev.quern.jobs.access;

import org.jspecify.annotations.NullMarked;

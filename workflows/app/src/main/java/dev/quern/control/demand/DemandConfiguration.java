package dev.quern.control.demand;

import dev.quern.control.WorkerSupply;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts what looks for waiting jobs into Spring. */
@Configuration(proxyBeanMethods = false)
@Import({RollCalls.class, Demands.class})
class DemandConfiguration {
    @Bean
    WaitReasons waitReasons(Demands demands, RollCalls calls, ObjectProvider<WorkerSupply> supply) {
        return new WaitReasons(demands, calls, supply.getIfAvailable());
    }
}

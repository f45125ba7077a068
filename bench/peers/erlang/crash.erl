%% A process that fails at once is noticed through its monitor and replaced, one after another.
-module(crash).
-export([main/1]).

main(Args) ->
    Crashes = bench:size(Args, 500000),
    bench:run(fun() ->
        Sum = crashes(0, Crashes, 0),
        Sum = Crashes * (Crashes - 1) div 2,
        {Crashes, "~b crashes: ~b~n", [Crashes, Sum]}
    end).

crashes(Crashes, Crashes, Sum) ->
    Sum;
crashes(N, Crashes, Sum) ->
    {Child, Monitor} = spawn_monitor(fun() -> exit({custom, N}) end),
    receive
        {'DOWN', Monitor, process, Child, {custom, Value}} ->
            crashes(N + 1, Crashes, Sum + Value)
    end.

"""Questions that the answers file does not answer, to measure how often the ears take them for one that it does.

TUNING was looked at while thresholds were set; UNSEEN was not.
"""

TUNING = """
who won the football world cup
how tall is the eiffel tower
what is the capital of australia
how many people live in china
can you order a pizza for me
book a flight to london for next friday
what is the square root of sixteen
tell me about the history of this town
who wrote romeo and juliet
how do i bake a chocolate cake
set an alarm for seven o'clock
what is the meaning of life
when does the next train to the airport leave
how far is it to the moon
what is your opinion about politics
turn on the lights in the kitchen
who is the president of the united states
translate good morning into french
how do i fix a flat tire
read me the news
what is the price of gold
where can i charge my phone
do you sell postcards
my dog has eaten my homework
call my mother
why is the sky blue
how fast can a cheetah run
what movies are playing tonight
the quick brown fox jumps over the lazy dog
i think we should go to the beach next weekend
did you see the game last night
she sells sea shells by the sea shore
where does the river come from
what time does the concert begin
how much does an elephant weigh
is there a doctor in the house
who painted the mona lisa
what is the name of your dog
where is the nearest hospital
can you drive a car
which bus goes to the station
how old is the universe
what colour is the sea
when was the second world war
open the door please
please send an email to my boss
let's have lunch together tomorrow
did you bring the documents with you
we are waiting for the others
my grandmother lives in a small village
how do you spell restaurant
what is the boiling point of water
who is the tallest man in the world
where is my brother
can i bring my dog inside
what did you do last summer
how many legs does a spider have
tell my wife that i will be late
what is the population of the city
i would like to buy a car
""".strip().splitlines()

UNSEEN = """
what is the largest ocean on earth
how long does it take to fly to new york
who discovered america
can you recommend a good book
how do i remove a coffee stain
what is the distance between london and paris
tell me how to tie a tie
how many planets are there
where can i rent a bicycle
when is the next guided tour
who is your favourite singer
what is twelve times fourteen
how do i get to the train station
is the swimming pool heated
what should i cook for dinner
do you know where my keys are
add milk to my shopping list
start the washing machine
what is the fastest animal in the world
how do airplanes fly
who was the first man on the moon
what does this painting show
which artist made this sculpture
where was mozart born
how deep is the lake
what kind of tree is that
can you lend me some money
do you believe in ghosts
why do cats purr
how do i get a passport
remind me to water the plants
what is the exchange rate of the euro
who invented the telephone
how many calories are in an apple
what happened in nineteen eighty nine
is it going to be a good year for wine
i forgot my jacket in the bus
we met at the party last year
the children are playing in the garden
he asked her to marry him
there was a terrible accident on the road
could you hold my bag for a moment
what was the score of the match
how does a steam engine work
when do the leaves fall
where do penguins live
what languages are spoken in switzerland
which is the longest river in africa
can you solve this equation
how much is a room for two nights
is breakfast included
what is the speed of light
who sings this song
my computer does not start any more
please turn down the volume of the television
where is the lion
how do i become an astronaut
are there any good schools nearby
can you play chess with me
what do you think about the new law
""".strip().splitlines()

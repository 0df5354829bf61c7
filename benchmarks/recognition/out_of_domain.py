"""Questions that the answers file does not answer, to measure how often the ears take them for one that it does.

DEVELOPMENT is what weights and thresholds are fitted with; HELD_OUT was written afterwards, is only ever measured, and
must stay so: whoever looks at its mistakes to change the ears writes a new list. They share no question.
"""

DEVELOPMENT = """
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

HELD_OUT = """
who is the mayor of this city
how many stars are there in the sky
what is the best way to learn the piano
when will the next eclipse happen
can you write a poem about autumn
how do i change the oil of my car
which team is leading the league
what is the recipe for pancakes
how heavy is a blue whale
who composed the ninth symphony
where can i see the northern lights
what is the longest bridge in europe
do vegetables grow faster in summer
how do i open a bank account
which country has the most islands
please book a table for four people
tell the driver to wait outside
send a message to my sister
increase the brightness of the screen
how do magnets attract iron
what is the melting point of copper
when did the dinosaurs disappear
what is seven plus eleven
who wrote the bible
how much sugar is in lemonade
should i invest in real estate
what does photosynthesis mean
how many continents exist
is chocolate bad for cats
who won the election
how do you pronounce this word in spanish
what should i wear at a wedding
my flight was cancelled yesterday
the meeting has been moved to thursday
we could take the ferry across the bay
i left my umbrella at the office
the soup needs a little more salt
she has been studying medicine for years
they painted the kitchen yellow
he broke his arm while skiing
grandpa used to repair old radios
the neighbours are building a garage
nobody remembered to feed the fish
our teacher told us a long story
put the plates into the cupboard
mum where is my backpack
hurry up the bus is coming
don't touch that it is hot
look at that huge balloon over there
which of these pictures do you prefer
did you bring the sandwiches
let's walk along the harbour after lunch
stop pushing your brother
could you take a photograph of us
i thought the film was rather dull
there is a spider on your shoulder
the battery of my phone is nearly empty
how was your holiday in portugal
have you ever been to the mountains
what happened to your bicycle
when does the supermarket around the corner deliver
how long should i boil an egg
why do leaves turn red
what is the chemical formula of water
how big is the sun
who built the pyramids
how often does the moon rotate
what are black holes
can fish feel pain
where do i renew my driving licence
what is the number for the ambulance
how do i reset my router
who directed this film
play the latest episode
start a timer for ten minutes
add eggs and butter to the list
lower the blinds in the bedroom
navigate to the motorway
what is the share price of that company
which medicine helps against a headache
is it dangerous to swim after eating
how do birds find their way
what does the statue over there represent
who owns this painting
when was the castle destroyed
which king lived in this palace
how thick are these walls
is the sword in the glass case real
why is the tower leaning
what was this room used for
how many steps lead up to the roof
did people really wear such shoes
are photographs with a flash forbidden
is there a discount for students with a family card
how far is the next petrol station
does the tram stop near the theatre
which platform does the night train leave from
my suitcase has not arrived
i would like a room with a view of the lake
can i pay with a foreign credit card
do you accept returns without a receipt
this jacket is too small for me
where do they sell fresh bread
i need stamps for three postcards
the printer on the second floor is jammed
has the parcel been delivered
ask martin whether he finished the report
the garden looks lovely in spring
i am going to miss my connection
it snowed all through the night
we need two more chairs at the table
the baby finally fell asleep
football practice was cancelled because of the storm
turn left after the bakery
nine hundred and forty two
i never eat breakfast before work
the concert tickets were sold out within minutes
someone parked a lorry across the pavement
as i was saying before he interrupted me
oh that reminds me of aunt margaret
""".strip().splitlines()
